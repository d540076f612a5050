import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/people",
  title: { en: "People", vi: "Người dùng" },
  roles: ["owner"],
  navigation: { group: "settings", order: 60 },
  load: () => import("./People.tsx"),
});
