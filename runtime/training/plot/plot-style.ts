/** Class of the chart's root. All rules are below it, so that a page may hold several charts. */
export const ROOT_CLASS = "savedmodel-history";

/** Font sizes in pixels. */
export const TEXT_SIZE = 11;
export const NAME_SIZE = 13;
export const TITLE_SIZE = 17;

interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly label: string;
  readonly grid: string;
  readonly training: string;
  readonly validation: string;
  readonly constant: string;
}

// Blue, vermilion and green of Okabe and Ito's palette, which colour-blind readers tell apart
// (https://jfly.uni-koeln.de/color), darker on white and lighter on black until text in them can be read.
const LIGHT: Theme = {
  paper: "#ffffff",
  ink: "#1f2328",
  label: "#59636e",
  grid: "#e4e7eb",
  training: "#0072b2",
  validation: "#b94d00",
  constant: "#007a57",
};

const DARK: Theme = {
  paper: "#0d1117",
  ink: "#f0f3f6",
  label: "#a3adb8",
  grid: "#2a313a",
  training: "#56b4e9",
  validation: "#f29e4c",
  constant: "#34c79a",
};

// Colours are repeated in each rule: many programs that show SVG do not support CSS variables.
function colours(theme: Theme): string {
  const rule = (selector: string, property: string, colour: string): string =>
    `.${ROOT_CLASS} .${selector}{${property}:${colour}}`;
  return [
    rule("paper", "fill", theme.paper),
    rule("ink", "fill", theme.ink),
    rule("label", "fill", theme.label),
    rule("grid", "stroke", theme.grid),
    rule("axis", "stroke", theme.label),
    rule("best", "stroke", theme.label),
    rule("ring", "stroke", theme.ink),
    rule("ring", "fill", theme.paper),
    ...(["training", "validation", "constant"] as const).flatMap((role) => [
      rule(`${role}-line`, "stroke", theme[role]),
      rule(`${role}-mark`, "fill", theme[role]),
    ]),
  ].join("");
}

/** Returns the style sheet of a chart. */
export const STYLE: string = [
  `.${ROOT_CLASS} text{font-size:${TEXT_SIZE}px;font-family:system-ui,-apple-system,"Segoe UI","Liberation Sans",Arial,sans-serif}`,
  `.${ROOT_CLASS} .name{font-size:${NAME_SIZE}px;font-weight:600}`,
  `.${ROOT_CLASS} .scale{font-size:${TEXT_SIZE}px;font-weight:400}`,
  `.${ROOT_CLASS} .title{font-size:${TITLE_SIZE}px;font-weight:600}`,
  `.${ROOT_CLASS} .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}`,
  `.${ROOT_CLASS} .validation-line{stroke-dasharray:5 4}`,
  `.${ROOT_CLASS} .best{stroke-dasharray:1 3;stroke-linecap:round}`,
  `.${ROOT_CLASS} .ring{stroke-width:1.8}`,
  colours(LIGHT),
  `@media (prefers-color-scheme:dark){${colours(DARK)}}`,
].join("");
