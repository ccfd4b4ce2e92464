import "./i18n/texts";
import "element-plus/theme-chalk/dark/css-vars.css";
import "element-plus/theme-chalk/base.css";
import "./ui/element.css";
import "./ui/theme.css";

import { createApp } from "vue";

import { router } from "./router";
import App from "./shell/App.vue";

createApp(App).use(router).mount("#app");
