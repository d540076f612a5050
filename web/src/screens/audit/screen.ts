import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/audit",
  title: { en: "Audit", vi: "Nhật ký thay đổi" },
  roles: ["owner"],
  navigation: { group: "settings", order: 80 },
  load: () => import("./Audit.tsx"),
});
