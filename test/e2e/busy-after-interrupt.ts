/** A process that, interrupted once, is too busy to listen again. */
import { onceInterrupted } from '../../bin/interrupt.ts';

onceInterrupted(() => {
  console.log('heard');
  setTimeout(() => {
    console.log('busy');
    for (;;);
  }, 50);
});
setInterval(() => undefined, 1000);
console.log('listening');
