namespace Witan.Benchmarks.Verify;

/// <summary>
/// Rates of several subjects on one core, measured in turns: in each round every subject works for some milliseconds, so that
/// whatever else the machine does falls on all of them. Time is processor time of the whole process, collection of garbage included.
/// </summary>
internal sealed class Interleaved(params (string Name, int Times, Func<int, bool> Work)[] subjects)
{
    private readonly List<double>[] _seconds = [.. subjects.Select(_ => new List<double>())];

    public void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < subjects.Length; i++)
            {
                TimeSpan start = Environment.CpuUsage.TotalTime;
                if (!subjects[i].Work(subjects[i].Times))
                    throw new InvalidOperationException($"{subjects[i].Name}: what is good was refused");
                _seconds[i].Add((Environment.CpuUsage.TotalTime - start).TotalSeconds / subjects[i].Times);
            }
        }
    }

    /// <summary>Median rate of a subject, per second of processor time.</summary>
    public double Rate(string name) => 1 / Median(_seconds[IndexOf(name)]);

    /// <summary>Median over the rounds of: time that <paramref name="limitTimes"/> runs of the limit take, by the time of one run of the subject.</summary>
    public double Ratio(string name, string limit, int limitTimes)
    {
        List<double> own = _seconds[IndexOf(name)], other = _seconds[IndexOf(limit)];
        return Median([.. own.Select((seconds, round) => limitTimes * other[round] / seconds)]);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private int IndexOf(string name) => Array.FindIndex(subjects, subject => subject.Name == name);
}
