import { screen } from "../../app/screens.ts";

export default screen({
  path: "/menus/$menuId",
  title: { en: "Keypad menu", vi: "Menu phím bấm" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Menu.tsx"),
});
