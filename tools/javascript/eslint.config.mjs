// The scripts share one scope, as a page's scripts do: which names there are is TypeScript's to check.
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/{generator,discriminator,digits,kernel}.js", "**/node_modules/"] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: "script", globals: globals.browser },
    rules: {
      "no-undef": "off",
      "no-redeclare": "off",
      "no-unused-vars": ["error", { vars: "local" }],
      "eqeqeq": "error",
      "no-var": "error",
      "prefer-const": "error",
      "strict": ["error", "global"],
      "max-lines": ["error", 300],
    },
  },
];
