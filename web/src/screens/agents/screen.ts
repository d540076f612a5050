import { screen } from "../../app/screens.ts";

export default screen({
  path: "/agents",
  title: { en: "Agents and teams", vi: "Tổng đài viên và nhóm" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 20 },
  load: () => import("./Agents.tsx"),
});
