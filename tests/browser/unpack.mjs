// Unpacks the Chromium that the package carries into $TMPDIR.
import chromium from '@sparticuz/chromium';

await chromium.executablePath();
