/** key: [中文, English] */
export const texts = {
  "place.map": ["地图：拖动地图，让图钉指到事发地点", "Map: drag it until the pin stands where it is"],
  "place.closer": ["放大", "Zoom in"],
  "place.farther": ["缩小", "Zoom out"],
  "place.back": ["回到定位", "Back to my place"],
  "place.use": ["用这个位置", "Use this place"],
  "place.accuracy": ["精度 ±{n} 米", "±{n} m"],
  "place.moved": ["离定位 {n} 米", "{n} m from the fix"],
  "place.byHand": ["手工选点", "chosen by hand"],
  "place.outside": ["不在辖区内", "outside the district"],
  "place.waiting": ["正在定位…", "Finding the place…"],
  "place.denied": ["没有定位权限。可以在地图上选点，或在浏览器设置里允许定位。", "No permission to find the place. Choose it on the map, or allow it in the browser's settings."],
  "place.none": ["暂时定位不到。可以在地图上选点，不选就按{village}登记。", "No fix now. Choose it on the map, or it is filed for {village}."],
  "place.noMap": ["边界还没有保存到手机上，联网后再试。", "The boundaries are not on this phone yet. Try again with a network."],
  "place.gcj": ["本机定位是 GCJ-02（火星坐标）", "This phone gives GCJ-02 positions"],
  "place.gcjLead": ["如果上报的位置总是偏几百米，打开它。", "Switch this on if reported places are always some hundred metres off."],
} as const satisfies Record<string, readonly [string, string]>;
