import { screen } from "../../app/screens.ts";

export default screen({
  path: "/calls",
  title: { en: "Calls", vi: "Cuộc gọi" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "report", order: 10 },
  load: () => import("./Calls.tsx"),
});
