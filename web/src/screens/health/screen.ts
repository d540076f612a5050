import { screen } from "../../app/screens.ts";

export default screen({
  path: "/system-health", // `/health` is the probe of monitors
  title: { en: "Health", vi: "Tình trạng hệ thống" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 90 },
  load: () => import("./Health.tsx"),
});
