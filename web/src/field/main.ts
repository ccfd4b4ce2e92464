import "./texts";
import "../ui/theme.css";
import "./field.css";
// Large type and the dark hold from the first page on.
import "../ui/size";
import "../ui/theme";

import { createApp } from "vue";

import { startSender } from "./positions/sender";
import { router } from "./router";
import App from "./shell/App.vue";
import { install } from "./shell/install";

createApp(App).use(router).mount("#app");
install();
startSender();
