// The place where the chart library is: time lines, thinned by it when there are many points.
import { LineChart } from 'echarts/charts';
import { DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useThemeName } from './theme';
import { formatTime } from './time';

echarts.use([LineChart, GridComponent, TooltipComponent, LegendComponent, DataZoomComponent, CanvasRenderer]);

/** Points are [milliseconds, value]. */
export interface Line {
  name: string;
  points: [number, number][];
}

interface CanvasProps {
  label: string;
  lines: Line[];
  height?: number;
  unit?: string;
  step?: boolean;
}

const MANY = 200;

export default function ChartCanvas({ label, lines, height = 280, unit = '', step }: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts>(undefined);
  const theme = useThemeName();

  useEffect(() => {
    if (!box.current) return undefined;
    const made = echarts.init(box.current, theme === 'dark' ? 'dark' : undefined);
    chart.current = made;
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      made.dispose();
    };
  }, [theme]);

  useEffect(() => {
    chart.current?.setOption(options(lines, unit, step), { notMerge: true });
  }, [lines, unit, step, theme]);

  return <div ref={box} role="img" aria-label={label} style={{ height }} />;
}

function options(lines: Line[], unit: string, step?: boolean): echarts.EChartsCoreOption {
  const many = lines.some((line) => line.points.length > MANY);
  return {
    animation: false,
    backgroundColor: 'transparent',
    color: ['#0052d9', '#2ba471', '#e37318', '#d54941', '#8e56dd', '#0594fa'],
    grid: { left: 8, right: 20, top: lines.length > 1 ? 36 : 16, bottom: many ? 48 : 8, containLabel: true },
    legend: lines.length > 1 ? { top: 0 } : undefined,
    tooltip: {
      trigger: 'axis',
      confine: true,
      formatter: (items: { value: [number, number]; seriesName: string; marker: string }[]) => {
        const rows = items.map((item) => `${item.marker}${item.seriesName} <b>${item.value[1]}${unit}</b>`);
        return [formatTime(items[0]?.value[0]), ...rows].join('<br/>');
      },
    },
    xAxis: { type: 'time' },
    yAxis: { type: 'value', scale: true, axisLabel: { formatter: `{value}${unit}` } },
    dataZoom: many ? [{ type: 'inside' }, { type: 'slider', height: 20, bottom: 12 }] : [{ type: 'inside' }],
    series: lines.map((line) => ({
      type: 'line',
      name: line.name.replace(/[<>&]/g, ''),
      data: line.points,
      step: step ? 'end' : false,
      showSymbol: line.points.length < 60,
      sampling: 'lttb',
      lineStyle: { width: 2 },
      areaStyle: lines.length === 1 ? { opacity: 0.08 } : undefined,
    })),
  };
}
