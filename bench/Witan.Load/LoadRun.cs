using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Witan.Agent;
using Witan.Crypto;
using Witan.Voting;

namespace Witan.Load;

/// <summary>
/// N workers attest, are admitted, wait for a task, and cast; three trustees open the sum; the file is audited. The workers run
/// in this process; coordinators and trustees are processes of their own. All share the machine; the processor time of each side is given beside each figure. With more
/// proposals than one, the others are open and wait for trustees that are not there.
/// </summary>
internal static class LoadRun
{
    public static async Task<Dictionary<string, object>> RunAsync(LoadShape shape, TextWriter log)
    {
        (int count, int proposals, int inFlight) = (shape.Workers, shape.Proposals, shape.InFlight);
        await log.WriteLineAsync($"{count} machines, keys ...");
        await using LoadCouncil council = await LoadCouncil.StartAsync(count, store: shape.Store, coordinators: shape.Coordinators);
        HttpClient[] clients = [.. council.Coordinators.Select(coordinator => new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue })
        {
            BaseAddress = coordinator.Address,
            Timeout = TimeSpan.FromMinutes(5),
        })];
        HttpClient http = clients[0];
        var workers = new SimulatedWorker[count];
        Parallel.For(0, count, i => workers[i] = new SimulatedWorker(clients[i % clients.Length], council.Machine(i)));
        var results = new Dictionary<string, object>
        {
            ["schema"] = "witan.load/1",
            ["workers"] = count,
            ["proposals"] = proposals,
            ["inFlight"] = inFlight,
            ["store"] = shape.Store is null ? "sqlite" : "postgres",
            ["coordinators"] = shape.Coordinators,
            ["loadAverageBefore"] = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0],
        };

        await log.WriteLineAsync("admission ...");
        using var stop = new CancellationTokenSource();
        var polls = new Task<Digest>[count];
        double[] admission = await MeasureAsync(results, "admission", council, () => AllAsync(count, inFlight, async (_, i) =>
        {
            await workers[i].AttestAsync();
            polls[i] = workers[i].TaskAsync(stop.Token);
        }));
        results["admissionP99Ms"] = Quantile(admission, 0.99);

        await log.WriteLineAsync("a roster, a key ...");
        var client = new CoordinatorClient(http, null, TimeProvider.System);
        for (int i = 1; i < proposals; i++)
            await ProposeAsync(client, council, Body(count, trustees: 7));
        Digest proposal = await MeasureAsync(results, "opening", council, async () =>
        {
            ProposalSummary summary = await ProposeAsync(client, council, Body(count, trustees: 3));
            await UntilAsync(client, summary.Id, next => next.State == ProposalState.Voting || Array.Exists(polls, poll => poll.IsFaulted), council);
            // Everyone was given the task.
            Digest[] tasks = await Task.WhenAll(polls);
            return tasks.All(task => task == summary.Id) ? summary.Id : throw new InvalidDataException("another task was given");
        });
        Digest key = (await client.GetAsync("v1/nonce", WireJson.Default.NonceAnswer, CancellationToken.None))!.Coordinator;
        RecordState state = (await new RecordReplica(client, proposal, key).AdvanceAsync(CancellationToken.None))!;
        BallotContext context = state.BallotContext;
        await log.WriteLineAsync("proving ...");
        Parallel.For(0, count, i => workers[i].Prove(context, i % 3));
        // A lane keeps one connection to each coordinator.
        PreparedConnection[][] lanes = await Task.WhenAll(Enumerable.Range(0, inFlight)
            .Select(_ => Task.WhenAll(council.Coordinators.Select(coordinator => PreparedConnection.OpenAsync(coordinator.Address)))));
        Parallel.For(0, count, i => workers[i].Prepare(proposal));

        await log.WriteLineAsync("casting ...");
        int home = RecordHome.Of(proposal.ToString(), [.. council.Coordinators.Select(coordinator => coordinator.Address)], _ => false);
        results["home"] = shape.Spread ? "all" : home;
        double[] cast = await MeasureAsync(results, "casting", council, () => AllAsync(count, inFlight, (lane, i) => workers[i].CastAsync(lanes[lane][shape.Spread ? i % lanes[lane].Length : home])));
        results["castingCoordinatorMsPerBallot"] = Math.Round((double)results["castingCoordinatorCpuSeconds"] * 1000 / count, 3);
        results["ballotsPerSecond"] = Math.Round(count / (double)results["castingSeconds"], 1);
        results["castP50Ms"] = Quantile(cast, 0.5);
        results["castP99Ms"] = Quantile(cast, 0.99);

        await log.WriteLineAsync("closing, decrypting ...");
        ProposalSummary end = await MeasureAsync(results, "closing", council, () => UntilAsync(client, proposal, next => next.State is ProposalState.Settled or ProposalState.NoQuorum or ProposalState.Cancelled, council));
        byte[] file = await client.GetBytesAsync($"v1/proposals/{proposal}/decision", CancellationToken.None);
        Receipt[] receipts = [.. workers.Select(worker => worker.Receipt(key))];
        AuditReport report = await MeasureAsync(results, "audit", council, () => Task.Run(() => Audit.Run(file, new AuditOptions { Coordinator = key, Proposal = proposal, Receipts = receipts })));
        if (!report.Valid || end.State != ProposalState.Settled || report.State!.Ballots.Count != count || report.State.Counts.Sum() != count)
            throw new InvalidDataException($"the decision does not hold: {end}, {report.Problem}\n{council.Log}");
        results["closingAndAuditSeconds"] = Math.Round((double)results["closingSeconds"] + (double)results["auditSeconds"], 2);
        results["fileMegabytes"] = Math.Round(file.Length / 1e6, 1);
        results["coordinatorPeakMebibytes"] = Math.Round(council.Coordinators.Max(coordinator => coordinator.PeakMebibytes));
        results["processors"] = Environment.ProcessorCount;
        results["loadAverage"] = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        foreach (IDisposable one in (IEnumerable<IDisposable>)[.. workers, .. clients, .. lanes.SelectMany(lane => lane)])
            one.Dispose();
        return results;
    }

    /// <summary>The value that so many are not above, in milliseconds.</summary>
    public static double Quantile(double[] values, double part)
    {
        double[] sorted = [.. values.Order()];
        return Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))], 1);
    }

    private static async Task<T> MeasureAsync<T>(Dictionary<string, object> results, string name, LoadCouncil council, Func<Task<T>> work)
    {
        TimeSpan before = council.Used, trustees = council.UsedByTrustees, own = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        T value = await work();
        results[name + "Seconds"] = Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 2);
        results[name + "OwnCpuSeconds"] = Math.Round((Environment.CpuUsage.TotalTime - own).TotalSeconds, 2);
        results[name + "TrusteesCpuSeconds"] = Math.Round((council.UsedByTrustees - trustees).TotalSeconds, 2);
        results[name + "CoordinatorCpuSeconds"] = Math.Round((council.Used - before).TotalSeconds, 2);
        return value;
    }

    // So many lanes, each beginning where one before has its answer. Gives the time of each in milliseconds.
    private static async Task<double[]> AllAsync(int count, int inFlight, Func<int, int, Task> work)
    {
        double[] times = new double[count];
        var queue = new ConcurrentQueue<int>(Enumerable.Range(0, count));
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async lane =>
        {
            await Task.Yield();
            while (queue.TryDequeue(out int i))
            {
                long start = Stopwatch.GetTimestamp();
                await work(lane, i);
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }));
        return times;
    }

    private static async Task<ProposalSummary> UntilAsync(CoordinatorClient client, Digest proposal, Func<ProposalSummary, bool> isIt, LoadCouncil council)
    {
        ProposalSummary? last = null;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(10))
        {
            last = await client.GetAsync($"v1/proposals/{proposal}", WireJson.Default.ProposalSummary, CancellationToken.None);
            if (last is not null && isIt(last))
                return last;
            await Task.Delay(50);
        }

        throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"it did not come to that: {last}\n{council.Log}"));
    }

    private static Task<ProposalSummary> ProposeAsync(CoordinatorClient client, LoadCouncil council, ProposalBody body) => client.PostAsync(
        "v1/proposals", new ProposeRequest(body, new Digest(Ed25519.PublicKey(council.Requester)), Ed25519.Sign(council.Requester, body.Id().Bytes)),
        WireJson.Default.ProposeRequest, WireJson.Default.ProposalSummary, CancellationToken.None);

    private static ProposalBody Body(int workers, int trustees)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return new ProposalBody
        {
            Title = "Load",
            Text = "Does it hold?",
            Options = ["Approve", "Reject", "Abstain"],
            MinimumTurnout = workers,
            MinimumAnonymity = Math.Min(workers, 2),
            PassNumerator = 1,
            PassDenominator = 2,
            MinimumRoster = workers,
            Trustees = trustees,
            Threshold = (trustees / 2) + 1,
            CreatedAt = now,
            OpenBy = now.AddHours(1),
            CloseAt = now.AddHours(2),
            SettleBy = now.AddHours(3),
            Nonce = new Digest(RandomNumberGenerator.GetBytes(32)),
        };
    }
}
