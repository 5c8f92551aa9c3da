"""Examples that end the help of a command, by its name."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "": (
        "meguru init shop && cd shop",
        "meguru run train.py:train -p depth=8",
        "meguru runs log @last.train",
        "meguru up",
    ),
    "init": ("meguru init shop", "meguru init . --workspace postgresql://db/meguru"),
    "plan": ("meguru plan", "meguru plan --out plan.json"),
    "apply": ("meguru apply", "meguru apply plan.json --yes"),
    "up": ("meguru up", "meguru up --host 0.0.0.0 --auth"),
    "status": ("meguru status", "meguru status --json"),
    "demo": ("meguru demo flights --months 3-5",),
    "run": (
        "meguru run train.py:train",
        "meguru run train.py:train -p flights=flights@latest -p depth=8",
        "meguru run script.py -- --epochs 3",
    ),
    "runs": (
        "meguru runs list",
        "meguru runs show @last",
        "meguru runs retry @last --from train",
    ),
    "runs list": (
        "meguru runs list --pipeline train",
        "meguru runs list --experiment 需要予測",
        'meguru runs list --query "metrics.auc > 0.8" --order "metrics.auc DESC"',
    ),
    "runs show": ("meguru runs show @last", "meguru runs show prun-01m8hf"),
    "runs log": ("meguru runs log @last.train", "meguru runs log prun-01m8hf.train --follow"),
    "runs retry": ("meguru runs retry @last", "meguru runs retry @last --from train"),
    "runs search": ("meguru runs search overflow --pipeline train",),
    "runs rm": ("meguru runs rm run-01m8hf", "meguru runs restore run-01m8hf"),
    "runs tag": ("meguru runs tag run-01m8hf stage=prod", "meguru runs tag run-01m8hf --remove stage"),
    "runs note": ('meguru runs note run-01m8hf "lags of 7 days help"',),
    "pipeline": ("meguru pipeline list", "meguru pipeline deploy train@3", "meguru pipeline rollback train"),
    "pipeline show": ("meguru pipeline show train", "meguru pipeline show train@3"),
    "pipeline deploy": (
        "meguru pipeline deploy train",
        'meguru pipeline deploy train@3 --reason "reviewed"',
    ),
    "pipeline rollback": ("meguru pipeline rollback train", "meguru pipeline rollback train --to 3"),
    "experiments": (
        "meguru experiments list",
        "meguru experiments rename delay 遅延",
        "meguru experiments rm old && meguru experiments purge old",
    ),
    "runs compare": ("meguru runs compare @last @last~1",),
    "sweep": (
        "meguru sweep start train.py:train -p depth=int:2..10 --metric auc",
        "meguru sweep best @last",
    ),
    "sweep start": (
        "meguru sweep start train.py:train -p lr=loguniform:1e-4..1e-1 -p depth=int:2..10 --metric auc",
    ),
    "backfill": (
        "meguru backfill start daily --param day --from 2024-01-01 --to 2024-03-31",
        "meguru backfill show @last",
    ),
    "component": ("meguru component list",),
    "pool": ("meguru pool set gpu 2", "meguru pool list"),
    "data": ("meguru data add flights 2013-01.csv", "meguru data diff flights@1 flights@2"),
    "data add": (
        "meguru data add flights 2013-01.csv 2013-02.csv",
        "meguru data add flights 2013-03.csv --append",
    ),
    "model": ("meguru model list", "meguru model show delay@champion"),
    "model best": (
        "meguru model best delays --metric auc",
        'meguru model best delays --metric rmse --where "size_mb < 50"',
    ),
    "model reverify": ("meguru model reverify --env .venv-new",),
    "model update": ("meguru model update delay --owner ops --group delays --baseline auc=0.71",),
    "model export": ("meguru model export delay@champion --to onnx --output delay.onnx",),
    "model add": (
        "meguru model add price booster.ubj --task regression --holdout june.parquet --label price",
        "meguru model add delay model.joblib --example rows.csv",
    ),
    "quarantine": (
        "meguru quarantine show @last",
        "meguru quarantine convert @last --example rows.csv",
        'meguru quarantine accept @last --reason "trained by our own team in March"',
    ),
    "import": ("meguru import mlflow mlruns", "meguru import mlflow http://127.0.0.1:5000"),
    "export": ("meguru export mlflow copy",),
    "endpoint": (
        "meguru endpoint create delay --model delay",
        """meguru endpoint predict delay --row '{"distance": 500}'""",
    ),
    "contract": ("meguru contract list delay", "meguru contract create delay --add tail:string"),
    "release create": (
        "meguru release create delay delay@3 --promote",
        "meguru release create delay delay@4 --input 'miles=km / 1.609' --input 'flag=false' --promote",
    ),
    "release": ("meguru release create delay delay@3 --promote", "meguru release rollback delay"),
    "prediction": (
        "meguru prediction show pred-01m8j24cvwpgaf3q06cjz82sgd.0",
        "meguru prediction replay pred-01m8j24cvwpgaf3q06cjz82sgd.0",
        "meguru prediction window delay --start 2013-03-01 --end 2013-04-01",
    ),
    "outcome": (
        "meguru outcome record delay --key flight-17 --value 1",
        "meguru outcome record delay --file outcomes.csv",
        "meguru outcome import delay outcomes.parquet",
    ),
    "monitor": ("meguru monitor create delay-watch --endpoint delay", "meguru monitor show delay-watch"),
    "trigger": ("meguru trigger list", "meguru trigger pause nightly"),
    "trigger create": (
        """meguru trigger create nightly --on '{"cron":"0 2 * * *"}' --do '{"pipeline":"train"}'""",
    ),
    "alert": (
        "meguru alert list",
        "meguru alert ack @last --note 'looking into it'",
        "meguru alert mute @last --for 2h",
    ),
    "webhook": ("meguru webhook create chat https://chat.example/hook --on 'release.*'",),
    "why": ("meguru why endpoint/delay", "meguru why @last.train"),
    "lineage": ("meguru lineage model/delay@3 --direction up",),
    "events": ("meguru events --type access.denied", "meguru events --subject model/delay@3"),
    "audit": ("meguru audit verify",),
    "explain": ("meguru explain MG-110", "meguru explain"),
    "project": ("meguru project create risk", "meguru project grant risk anna engineer"),
    "principal": ("meguru principal create ci --role service",),
    "token": ("meguru token create ci --days 30 --scope endpoint:predict",),
    "doctor": ("meguru doctor",),
    "completion": (
        'eval "$(meguru completion bash)"',
        "meguru completion fish > ~/.config/fish/completions/meguru.fish",
    ),
}
