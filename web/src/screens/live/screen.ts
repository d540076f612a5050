import { screen } from "../../app/screens.ts";

export default screen({
  path: "/live",
  title: { en: "Live", vi: "Thời gian thực" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "watch", order: 10 },
  load: () => import("./Live.tsx"),
});
