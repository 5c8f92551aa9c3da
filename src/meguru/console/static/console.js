// The console's scripts: each adds comfort to a page that reads well without it.
import { follow } from "./live.js";
import { copyButtons } from "./copy.js";
import { hover } from "./hover.js";
import { charts } from "./charts.js";
import { plot } from "./plot.js";
import { log } from "./log.js";
import { scrollers } from "./scroll.js";
import { zone } from "./zone.js";
import { labelling } from "./label.js";
import { submit } from "./submit.js";

const main = document.querySelector("main");
// The addresses that MLflow's clients print for people.
if (/^#\/(experiments|models)\//.test(location.hash)) location.replace(`${main.dataset.base}/ui/mlflow${location.hash.slice(1)}`);
document.documentElement.classList.add("scripted");
copyButtons(document);
hover(document);
plot(document);
const refresh = follow(main);
charts(main);
scrollers(main);
log(main);
labelling(main);
submit(main);
zone(refresh);
