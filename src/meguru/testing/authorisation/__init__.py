"""Who may do what, asked of a whole server: every operation and door, by every role, of each project.

`world` makes projects with a thing of every kind in each, `people` makes principals of every role, and
`operations` and `doors` ask for everything, by everybody. What should be answered is worked out from what is
written in the reference (`permission`) and from the roles; the answers come over HTTP.
"""
