import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/wallboards",
  title: { en: "Wallboards", vi: "Bảng hiển thị" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 45 },
  load: () => import("./Wallboards.tsx"),
});
