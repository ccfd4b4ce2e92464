import vue from "@vitejs/plugin-vue";
import elementStyles from "unplugin-element-plus/vite";
import { defineConfig } from "vite";

import { fieldApp, noIconFont, vantStyles } from "./field";

export default defineConfig({
  base: "/desk/",
  plugins: [noIconFont(), vue(), elementStyles({}), vantStyles(), fieldApp()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, rollupOptions: { input: ["index.html", "screen.html", "field.html"] } },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
