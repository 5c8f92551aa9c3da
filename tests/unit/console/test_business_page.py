from meguru.business.operations import create
from meguru.business.store import put_value
from meguru.business.types import BusinessValue, OtherValue, SliceValue
from meguru.serving.create import create as create_endpoint


def test_a_metric_shows_its_series_its_target_and_its_parts(browser, workspace):
    create_endpoint(workspace, name="delay", model="delay")
    sql = "SELECT 300 * outcome AS value FROM predictions"
    create(workspace, name="delay_cost", endpoint="delay", sql=sql, unit="JPY", direction="lower", target=1e6)
    page = browser.get("/ui/business-metrics/delay_cost").text
    assert "It was not measured yet." in page
    now = workspace.clock.now()
    value = BusinessValue(
        metric="delay_cost",
        start=now.replace(month=3, day=1, hour=0, minute=0, second=0, microsecond=0),
        end=now.replace(month=4, day=1, hour=0, minute=0, second=0, microsecond=0),
        unit="JPY",
        direction="lower",
        target=1e6,
        value=1_234_567.0,
        low=1_200_000.0,
        high=1_260_000.0,
        rows=4000,
        outcomes=4000,
        slices=[SliceValue(slice="AA <b>", value=1000.0)],
        others=[
            OtherValue(
                model="model/delay@1", value=1_500_000.0, live=1_234_567.0, difference=-265_433.0, rows=4000
            )
        ],
    )
    with workspace.db.write() as tx:
        put_value(tx, value, now)
    page = browser.get("/ui/business-metrics/delay_cost").text
    assert "1,234,567 JPY" in page
    assert "beyond its target" in page
    assert "<svg" in page
    assert "AA &lt;b&gt;" in page
    assert "300 * outcome" in page
    assert "265,433 JPY" in page
