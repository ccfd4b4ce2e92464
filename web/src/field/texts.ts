import { texts as common } from "../i18n/common/texts";
import { common as dutyCommon } from "../duty/common";
import { register } from "../i18n/index";
import { texts as map } from "../map/texts";
import { texts as desk } from "../positions/texts";
import { texts as supervision } from "../supervision/texts";
import { texts as session } from "../session/texts";
import { texts as account } from "./account/texts";
import { texts as cases } from "./cases/texts";
import { texts as duty } from "./duty/texts";
import { texts as help } from "./help/texts";
import { texts as holdings } from "./me/texts";
import { texts as outbox } from "./outbox/texts";
import { texts as resources } from "./resources/texts";
import { texts as scores } from "./scores/texts";
import { texts as positions } from "./positions/texts";
import { texts as place } from "./place/texts";
import { texts as report } from "./report/texts";
import { texts as shell } from "./shell/texts";
import { texts as tasks } from "./tasks/texts";
import { texts as today } from "./today/texts";

/** Everything the field app says: what is common to both, and one line for each noun. */
export const texts = {
  ...common,
  ...session,
  ...supervision,
  ...shell,
  ...account,
  ...dutyCommon,
  ...duty,
  ...outbox,
  ...map,
  ...desk,
  ...positions,
  ...cases,
  ...place,
  ...report,
  ...today,
  ...scores,
  ...holdings,
  ...resources,
  ...help,
  ...tasks,
};

register(texts);
