import { screen } from "../../app/screens.ts";

export default screen({
  path: "/missed-calls",
  title: { en: "Missed calls", vi: "Cuộc gọi nhỡ" },
  roles: ["owner", "supervisor", "viewer"],
  navigation: { group: "watch", order: 20 },
  load: () => import("./MissedCalls.tsx"),
});
