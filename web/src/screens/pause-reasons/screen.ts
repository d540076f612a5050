import { screen } from "../../app/screens.ts";

export default screen({
  path: "/settings/pause-reasons",
  title: { en: "Pause reasons", vi: "Lý do tạm nghỉ" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "settings", order: 52 },
  load: () => import("./PauseReasons.tsx"),
});
