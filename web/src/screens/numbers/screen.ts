import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/numbers",
  title: { en: "Numbers", vi: "Đầu số" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 15 },
  load: () => import("./Numbers.tsx"),
});
