import "../i18n/texts";
import "./screen.css";

import { createApp } from "vue";

import { language } from "../i18n";
import Screen from "./Screen.vue";

const asked = new URLSearchParams(window.location.search).get("lang");
if (asked === "zh" || asked === "en") language.value = asked;

createApp(Screen).mount("#app");
