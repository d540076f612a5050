import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { number } from "../format/format.ts";
import css from "./parts.module.css";

export type Line = {
  name: string;
  values: readonly (number | null)[];
  /** A custom property of `base.css`. */
  colour: `--${string}`;
  /** Lines differ by more than their colour. */
  dash?: number[];
  digits?: number;
};

type Asked = { label: string; /** The word before the time at the pointer. */ when: string; at: readonly Date[]; lines: readonly Line[]; tick: (at: Date) => string; height?: number };

/**
 * Lines over time. Its numbers are for those who see it: whoever shows a chart shows them as a table, too.
 *
 * It is a chunk of its own, with uPlot: `lazy(() => import("../../parts/Chart.tsx"))`.
 */
export default function Chart({ label, when, at, lines, tick, height = 190 }: Asked) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = ref.current!;
    const colour = (name: string) => () => getComputedStyle(place).getPropertyValue(name).trim();
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: colour("--muted"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    const most = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
    const whole = lines.every(({ digits }) => !digits);
    const chart = new uPlot(
      {
        width: place.clientWidth, height,
        scales: { y: { range: [0, most ? most * 1.1 : 1] } },
        axes: [
          { ...axis, space: 70, values: (_, splits) => splits.map((second) => tick(new Date(second * 1000))) },
          { ...axis, size: 52, incrs: whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] : [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100], values: (_, splits) => splits.map((value) => number(value, whole || Number.isInteger(value) ? 0 : 1)) },
        ],
        series: [
          { value: (_, second) => (second == null ? "–" : tick(new Date(second * 1000))), label: when },
          ...lines.map(({ name, colour: of, dash, digits = 0 }) => ({ label: name, stroke: colour(of), width: 2, ...(dash ? { dash } : {}), points: { show: at.length < 3 }, value: (_: uPlot, value: number | null) => number(value, digits) })),
        ],
        legend: { markers: { dash: (_, line) => (lines[line - 1]?.dash ? "dashed" : "solid") } },
        cursor: { drag: { x: false, y: false } },
      },
      [at.map((one) => one.getTime() / 1000), ...lines.map(({ values }) => [...values])] as uPlot.AlignedData,
      place,
    );
    const resized = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height }));
    const themed = new MutationObserver(() => chart.redraw());
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => chart.redraw();
    resized.observe(place);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    scheme.addEventListener("change", redraw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener("change", redraw);
      chart.destroy();
    };
  }, [at, lines, tick, height, when]);
  return <div ref={ref} role="img" aria-label={label} className={css["chart"]} />;
}
