import { screen } from "../../app/screens.ts";

export default screen({
  path: "/menus",
  title: { en: "Keypad menus", vi: "Menu phím bấm" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 13 },
  load: () => import("./List.tsx"),
});
