namespace Witan.Machine;

/// <summary>One part of a probe with its time limit. A part that does not come back is left behind; the others go on.</summary>
internal sealed record Step(string Name, TimeSpan Limit, Action Work)
{
    // A thread costs more than most parts take: the next part gets one of its own only where the one before it takes longer than this.
    private const int Moment = 20;

    /// <summary>Runs all, side by side where they are not quick, and waits for each until its limit.</summary>
    public static void RunAll(IReadOnlyList<Step> steps)
    {
        Task[] parts = [.. steps.Select(step => new Task(step.Work))];
        long[] begun = new long[parts.Length];
        int next = -1;
        if (parts.Length > 0)
            Go();
        for (int i = 0; i < parts.Length; i++)
        {
            while (Task.WaitAny([parts[i]], Moment) < 0)
            {
                long start = Volatile.Read(ref begun[i]);
                if (start != 0 && Environment.TickCount64 - start >= (long)steps[i].Limit.TotalMilliseconds)
                    break;
                if (Volatile.Read(ref next) < parts.Length - 1)
                    Go();
            }

            // What it did not reach stays "not recorded", which no check takes for absent. A fault of the program comes out here.
            if (parts[i].IsCompleted)
                parts[i].GetAwaiter().GetResult();
        }

        void Go() => new Thread(Run) { IsBackground = true }.Start();

        void Run()
        {
            for (int mine; (mine = Interlocked.Increment(ref next)) < parts.Length;)
            {
                Volatile.Write(ref begun[mine], Environment.TickCount64);
                parts[mine].RunSynchronously();
            }
        }
    }
}
