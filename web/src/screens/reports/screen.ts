import { screen } from "../../app/screens.ts";

export default screen({
  path: "/reports",
  title: { en: "Reports", vi: "Báo cáo" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "report", order: 20 },
  load: () => import("./Reports.tsx"),
});
