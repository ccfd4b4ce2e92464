/** key: [中文, English] */
export const texts = {
  "map.title": ["地图", "Map"],
  "map.closer": ["放大", "Zoom in"],
  "map.farther": ["缩小", "Zoom out"],
  "map.none": ["这个浏览器不能显示地图（需要 WebGL）。其他内容照常可用。", "This browser cannot draw maps (WebGL is missing). Everything else works as usual."],
  "map.place": ["{label}的位置", "Where {label} is"],
  "map.pick": ["在地图上选点", "Choose the place on the map"],
  "map.pickKeys": ["点击地图选点；或用方向键移动地图，按 Enter 选中心。", "Click the map; or move it with the arrow keys and press Enter for its centre."],
  "map.picked": ["已选", "Chosen"],
  "map.unpick": ["清除选点", "Clear the place"],
  "map.outside": ["不在辖区内", "outside the district"],
  "map.far": ["辖区外 {n} 米，归入最近的", "{n} m outside; nearest"],
  "map.unknown": ["查不到所属区划", "its division could not be looked up"],
} as const satisfies Record<string, readonly [string, string]>;
