/** What the field app needs of the build beside its page: a service worker that knows all its
 * files, the manifest and the icons, and the styles of the Vant parts in use. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";
import type { OutputBundle } from "rollup";
import type { Plugin } from "vite";

const APP = join(import.meta.dirname, "src/field/app");
const WORKER = join(import.meta.dirname, "src/field/worker/sw.ts");
const BASE = "/desk/";

interface Listed {
  url: string;
  revision: string | null; // null where the name carries a digest
}

const digest = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex").slice(0, 16);

// Too heavy to be put on every phone: loaded from the network by the one page that draws with it.
const HEAVY = /maplibre/;

/** What the field entry can load: its chunks, their styles and pictures. */
function reached(bundle: OutputBundle): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const part = bundle[name];
    if (!part || found.has(name) || HEAVY.test(name)) return;
    found.add(name);
    if (part.type !== "chunk") return;
    for (const next of [...part.imports, ...part.dynamicImports]) visit(next);
    for (const next of [...(part.viteMetadata?.importedCss ?? []), ...(part.viteMetadata?.importedAssets ?? [])]) visit(next);
  };
  for (const [name, part] of Object.entries(bundle)) {
    if (part.type === "chunk" && part.isEntry && part.facadeModuleId?.endsWith("field.html")) visit(name);
  }
  return [...found].sort();
}

export function fieldApp(): Plugin {
  return {
    name: "field-app",
    apply: "build",
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        const page = bundle["field.html"];
        if (page?.type !== "asset") return this.error("field.html was not built");
        const files: Listed[] = [{ url: "/field/", revision: digest(page.source) }];
        for (const name of reached(bundle)) files.push({ url: `${BASE}${name}`, revision: null });
        for (const name of readdirSync(APP)) {
          const source = readFileSync(join(APP, name));
          this.emitFile({ type: "asset", fileName: `field/${name}`, source });
          if (/manifest|icon/.test(name)) files.push({ url: `/field/${name}`, revision: digest(source) });
        }
        const made = await build({
          entryPoints: [WORKER], bundle: true, write: false, minify: true, format: "iife", target: "es2022", legalComments: "none",
          define: { FILES: JSON.stringify(files), "process.env.NODE_ENV": '"production"' },
        });
        this.emitFile({ type: "asset", fileName: "field/sw.js", source: made.outputFiles[0]?.text ?? "" });
      },
    },
  };
}

const kebab = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
const FUNCTIONS: Record<string, string> = { showToast: "toast", showLoadingToast: "toast", showSuccessToast: "toast", showFailToast: "toast", showDialog: "dialog", showConfirmDialog: "dialog", showImagePreview: "image-preview", showNotify: "notify" };

/** `import { Popup } from "vant"` brings the styles of Popup along. */
export function vantStyles(): Plugin {
  return {
    name: "vant-styles",
    enforce: "post",
    transform(code, id) {
      if (!id.includes("/src/field/")) return undefined;
      const names = [...code.matchAll(/import\s*{([^}]*)}\s*from\s*["']vant["']/g)].flatMap((each) => (each[1] ?? "").split(","));
      const parts = new Set<string>();
      for (const each of names) {
        const name = each.trim().replace(/^type .*/, "").split(/\s+as\s+/)[0];
        if (!name) continue;
        if (/^[A-Z]/.test(name)) parts.add(kebab(name));
        else if (FUNCTIONS[name]) parts.add(FUNCTIONS[name]);
      }
      if (!parts.size) return undefined;
      return { code: [...parts].map((part) => `import "vant/es/${part}/style/index";`).join("\n") + "\n" + code, map: null };
    },
  };
}

/** Vant's icons are a font inside its style sheet, which our policy refuses: we draw our own. */
export function noIconFont(): Plugin {
  return {
    name: "no-icon-font",
    enforce: "pre",
    transform(code, id) {
      if (!/vant\/es\/icon\/index\.css/.test(id)) return undefined;
      return { code: code.replace(/@font-face\s*{[^}]*}/g, ""), map: null };
    },
  };
}
