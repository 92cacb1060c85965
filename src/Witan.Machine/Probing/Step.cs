namespace Witan.Machine;

/// <summary>One part of a probe with its time limit. A part that does not come back is left behind; the others go on.</summary>
internal sealed record Step(string Name, TimeSpan Limit, Action Work)
{
    /// <summary>Runs all side by side and waits for each until its limit.</summary>
    public static void RunAll(IReadOnlyList<Step> steps)
    {
        long start = Environment.TickCount64;
        var running = new Task[steps.Count];
        for (int i = 0; i < steps.Count; i++)
            running[i] = Task.Factory.StartNew(steps[i].Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (int i = 0; i < steps.Count; i++)
        {
            long left = start + (long)steps[i].Limit.TotalMilliseconds - Environment.TickCount64;
            // What it did not reach stays "not recorded", which no check takes for absent. A fault of the program comes out here.
            if (running[i].Wait(TimeSpan.FromMilliseconds(Math.Max(0, left))))
                running[i].GetAwaiter().GetResult();
        }
    }
}
