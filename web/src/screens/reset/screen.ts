import { screen } from "../../app/screens.ts";

export default screen({ path: "/reset", title: { en: "New password", vi: "Mật khẩu mới" }, roles: "everyone", load: () => import("./Reset.tsx") });
