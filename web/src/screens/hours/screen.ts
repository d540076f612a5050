import { screen } from "../../app/screens.ts";

export default screen({
  path: "/hours",
  title: { en: "Hours and holidays", vi: "Giờ mở cửa và ngày lễ" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 12 },
  load: () => import("./Hours.tsx"),
});
