import { screen } from "../../app/screens.ts";

export default screen({
  path: "/calls/$callId",
  title: { en: "Call", vi: "Cuộc gọi" },
  roles: ["owner", "supervisor", "viewer"],
  load: () => import("./Call.tsx"),
});
