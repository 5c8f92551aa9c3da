"""What usually leads to an error, and what mends it, by the error's code."""

from __future__ import annotations

REMEDIES = {
    "MG-000": (
        "A server, or something in front of it, answered with an error that Meguru does not know.",
        "Read `why`; look whether the URL is that of a Meguru server: meguru doctor.",
    ),
    "MG-100": (
        "A value is of the wrong type, out of its bounds, or breaks a rule of what it describes.",
        "`at` names the field, `why` what was expected there. Mend that value and send it again.",
    ),
    "MG-101": (
        "A command, an option, a parameter or a MEGURU_… variable is misspelt, missing or ill-formed.",
        "Type what `try` says; every command explains itself with --help.",
    ),
    "MG-110": (
        "The name is misspelt, belongs to another workspace, or the thing was never made.",
        "Look at the list of that noun (meguru NOUN list), and which workspace is open: meguru doctor.",
    ),
    "MG-120": (
        "Somebody changed the same thing a moment before, or what is there already says something else.",
        "Look at it again and repeat the command; a new request needs a new idempotency key.",
    ),
    "MG-130": (
        "The request or the file is larger than the limit that keeps the server alive.",
        "Send less at a time, or raise MEGURU_MAX_BODY, MEGURU_MAX_BLOB or MEGURU_MAX_ROWS on the server.",
    ),
    "MG-200": (
        "No token came with the request, or it is expired, revoked or mistyped.",
        "Put a valid one into MEGURU_TOKEN; an owner makes it with: meguru token create PRINCIPAL.",
    ),
    "MG-201": (
        "Your role, or the scope of your token, does not hold the permission that `why` names.",
        "Ask an owner for a role or token that has it. All denials: meguru events --type access.denied.",
    ),
    "MG-300": (
        "A gate of the endpoint found the release not good enough, or could not judge it.",
        "meguru release show ENDPOINT@N tells what each gate said: train a better model, or mend the gate.",
    ),
    "MG-301": (
        "A release policy asks for people, hours or gates that lack, or what people agreed to has changed.",
        "meguru release review ENDPOINT@N tells what lacks; in an emergency: release promote --break-glass.",
    ),
    "MG-310": (
        "Your step raised an exception, was killed, or returned something that can't be stored.",
        "meguru runs log RUN.STEP shows what it printed and its traceback; then: meguru runs retry RUN.",
    ),
    "MG-311": (
        "This process was silent for longer than the lease (suspended, out of memory): another took over.",
        "Nothing is lost: the other one goes on. Raise MEGURU_LEASE_SECONDS if it happens often.",
    ),
    "MG-400": (
        "Bytes on disk are not those that were written: a broken disk, a half copy, or an edit by hand.",
        "Restore the file from a backup; meguru doctor and meguru audit verify tell what is affected.",
    ),
    "MG-401": (
        "A blob, or an upload, does not have the digest it is named by.",
        "Send the file again; a stored blob comes back from a backup, or from the run that made it.",
    ),
    "MG-402": (
        "A row of the event log was changed, removed or inserted by something else than Meguru.",
        "Compare with a backup from before; the entries before the one that is named are intact.",
    ),
    "MG-403": (
        "A file of evidence was changed, cut off or put together by somebody else than who signed it.",
        "Get the file again from who exported it: meguru evidence export. Its place and reason are named.",
    ),
    "MG-410": (
        "The model holds a pickle, or types that are not on the list of what may be loaded.",
        "Save it in a format that runs no code: skops for scikit-learn, or the library's own format.",
    ),
    "MG-500": (
        "An optional library is not installed in this environment.",
        "Install the extra that `try` names.",
    ),
    "MG-510": (
        "The server is not up, is starting or stopping, or has more work than it takes at a time.",
        "Look whether it runs (meguru up), wait a little, and repeat: nothing was changed.",
    ),
    "MG-512": (
        "Another system (a database, a bucket, a web server, a broker) did not answer, or broke off.",
        "See that it runs and can be reached from here; then do the same again: nothing was half done.",
    ),
    "MG-511": (
        "It took longer than the time that was allowed for it.",
        "Allow more time, or give it less to do at once.",
    ),
    "MG-520": (
        "Ctrl-C, a signal or a shutdown stopped it.",
        "Run the same command again: finished steps are kept, and it goes on where it stopped.",
    ),
    "MG-900": (
        "A bug in Meguru.",
        "Run it again with MEGURU_DEBUG=1 and report the traceback.",
    ),
}
