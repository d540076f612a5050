import { screen } from "../../app/screens.ts";

export default screen({
  path: "/sounds",
  title: { en: "Sounds", vi: "Âm thanh" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 14 },
  load: () => import("./Sounds.tsx"),
});
