/** Three threads in a deadlock, for jstack. */
public class Deadlock {
    public static void main(String[] arguments) throws Exception {
        Object[] locks = {new Object(), new Object(), new Object()};
        java.util.concurrent.CountDownLatch taken = new java.util.concurrent.CountDownLatch(3);
        for (int index = 0; index < 3; index++) {
            Object first = locks[index];
            Object second = locks[(index + 1) % 3];
            new Thread(() -> {
                synchronized (first) {
                    taken.countDown();
                    try {
                        taken.await();
                    } catch (InterruptedException ignored) {
                        return;
                    }
                    synchronized (second) {
                        System.out.println("never");
                    }
                }
            }, "worker " + index).start();
        }
        taken.await();
        System.out.println("ready");
    }
}
