using System.Diagnostics;

namespace Witan.Benchmarks.Verify;

/// <summary>
/// How much more two threads get done than one, on the clock. Rounds of one and of two threads alternate and the best of each counts:
/// on a machine that others use as well, that is the round in which both cores were free.
/// </summary>
internal static class TwoThreads
{
    public static double Scaling(Func<int, bool> work, int times, int rounds)
    {
        double one = double.MaxValue, two = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            one = Math.Min(one, Seconds(work, times, 1));
            two = Math.Min(two, Seconds(work, times, 2));
        }

        return 2 * one / two;
    }

    private static double Seconds(Func<int, bool> work, int times, int threads)
    {
        using var start = new Barrier(threads + 1);
        bool good = true;
        Thread[] all = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            if (!work(times))
                Volatile.Write(ref good, false);
        }))];
        foreach (Thread thread in all)
            thread.Start();
        start.SignalAndWait();
        long from = Stopwatch.GetTimestamp();
        foreach (Thread thread in all)
            thread.Join();
        return good ? Stopwatch.GetElapsedTime(from).TotalSeconds : throw new InvalidOperationException("what is good was refused");
    }
}
