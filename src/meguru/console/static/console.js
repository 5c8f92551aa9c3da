// The console's scripts: each adds comfort to a page that reads well without it.
import { follow } from "./live.js";
import { copyButtons } from "./copy.js";
import { hover } from "./hover.js";
import { zone } from "./zone.js";

document.documentElement.classList.add("scripted");
copyButtons(document);
hover(document);
const refresh = follow(document.querySelector("main"));
zone(refresh);
