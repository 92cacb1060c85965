using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Witan.Agent;
using Witan.Coordinator;
using Witan.Coordinator.Admission;
using Witan.Dstack.Simulator;
using Witan.Dstack.Simulator.Pki;
using Witan.Tests.Admission;
using Witan.Tests.Coordinator;
using Witan.Tests.Harness;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;
using Xunit;

namespace Witan.Tests.Failures;

/// <summary>Those of F1 to F22 that show without a council.</summary>
public sealed partial class FurtherFaultsByDesign
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void F11_A_nullifier_is_checked_against_roster_proposal_and_agent()
    {
        var council = new Voting.Council(3);
        council.OpenVoting();
        Ballot good = council.Ballot(0, 0);
        Digest othersSlot = Roster.Nullifier(council.State.ProposalId, council.State.Configuration, council.Workers[1].Keys.AgentId);
        Digest otherProposal = Roster.Nullifier(Digest.Zero, council.State.Configuration, council.Workers[0].Keys.AgentId);
        Digest otherConfiguration = Roster.Nullifier(council.State.ProposalId, Digest.Zero, council.Workers[0].Keys.AgentId);
        foreach (Digest wrong in new[] { Digest.Zero, othersSlot, otherProposal, otherConfiguration })
        {
            Assert.IsType<BallotVerdict.Refuse>(BallotIntake.Judge(council.State, good with { Nullifier = wrong }, council.Now, attested: true));
            Assert.NotNull(council.Try(new BallotCast(good with { Nullifier = wrong })));
        }

        Assert.Null(council.Try(new BallotCast(good)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_536)]
    [InlineData(int.MaxValue)]
    public void F12_No_count_is_cut_to_fewer_bits(int workers)
    {
        ProposalBody body = new Voting.Council(1).Body with { MinimumRoster = workers };
        if (workers == 0)
        {
            Assert.StartsWith("quorum", body.Problem(), StringComparison.Ordinal);
            return;
        }

        // One worker is there, and so many are asked for: 256 is not 0, and 257 is not 1.
        var council = new Voting.Council(1, change: _ => body);
        council.Open();
        council.Advance();
        council.GenerateKey();
        council.Advance();
        Assert.Equal(ProposalState.Draft, council.State.State);
        Assert.NotNull(council.State.ElectionKey);
    }

    [Theory]
    [InlineData("missing", "COLLATERAL_MISSING")]
    [InlineData("cut", "COLLATERAL_FORMAT")]
    [InlineData("null", "COLLATERAL_MISSING")]
    [InlineData("reformatted", "TCB_INFO_SIGNATURE_INVALID")]
    [InlineData("list", "CRL_FORMAT")]
    [InlineData("family", "TCB_INFO_FMSPC_MISMATCH")]
    public async Task F15_Collateral_that_is_missing_or_wrong_is_undecided_and_never_a_fault_of_the_evidence(string fault, string code)
    {
        await using var attesting = new Attesting();
        CouncilPolicy policy = Attesting.Policy;
        AdmissionRequest request = Attesting.Request(attesting.Desk(), attesting.Secrets("w"), attesting.Machine("worker", "w"));
        Spoil(attesting, fault);
        (_, Problem? problem) = await attesting.Desk(policy).AdmitAsync(request, Cancel);
        Assert.Equal("EVIDENCE_UNDECIDED", problem!.Code);
        Assert.StartsWith(code, problem.Title, StringComparison.Ordinal);
        // A store that fails is a storage error: see also the tests of the stores.
        await attesting.Store.DisposeAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => attesting.Desk(policy).AdmitAsync(request, Cancel));
    }

    private static void Spoil(Attesting attesting, string fault)
    {
        string path = Path.Combine(attesting.Folder, "collateral.json");
        if (fault is "missing" or "cut")
        {
            byte[] whole = File.ReadAllBytes(path);
            File.Delete(path);
            if (fault == "cut")
                File.WriteAllBytes(path, whole[..5000]);
            return;
        }

        JsonObject file = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        string text = file["tcb_info"]!.GetValue<string>(), list = file["pck_crl"]!.GetValue<string>();
        if (fault == "family")
        {
            text = text.Replace(DevelopmentPki.Fmspc, "00606a000000", StringComparison.Ordinal);
            (file["tcb_info"], file["tcb_info_signature"]) = (text, attesting.Pki.Sign(Encoding.UTF8.GetBytes(text)));
        }
        else if (fault == "list")
        {
            file["pck_crl"] = list[..^2];
        }
        else
        {
            file["tcb_info"] = fault == "null" ? null : text.Replace(",", ", ", StringComparison.Ordinal);
        }

        File.WriteAllText(path, file.ToJsonString());
    }

    [Fact]
    public async Task F18_An_identity_needs_its_key()
    {
        await using var attesting = new Attesting();
        AdmissionDesk desk = attesting.Desk();
        AgentSecrets owner = attesting.Secrets("owner"), squatter = attesting.Secrets("squatter");
        AdmissionRequest squatted = Attesting.Request(desk, squatter, attesting.Machine("worker", "w")) with { Keys = owner.Keys };
        Assert.Equal("SIGNATURE_INVALID", (await desk.AdmitAsync(squatted, Cancel)).Problem!.Code);
        Assert.Equal("SIGNATURE_INVALID", (await desk.AdmitAsync(squatted.Signed(squatter.SigningSeed), Cancel)).Problem!.Code);
        Assert.Null((await desk.AdmitAsync(Attesting.Request(desk, owner, attesting.Machine("worker", "w")), Cancel)).Problem);
    }

    [Theory]
    [InlineData("policy", "there is no policy")]
    [InlineData("target", "refuses to settle")]
    [InlineData("listen", "refuses to listen")]
    [InlineData("workers", "does not hold together")]
    [InlineData("tls", "TLS needs")]
    [InlineData("certificate", "cannot be read")]
    public async Task F19_A_setting_that_cannot_be_is_refused_at_start_by_name(string wrong, string message)
    {
        string folder = Directory.CreateTempSubdirectory("witan-f19").FullName;
        try
        {
            var good = new CoordinatorOptions { State = folder, Port = RunningCoordinator.FreePort(), LocalMode = "true" };
            CoordinatorOptions bad = wrong switch
            {
                "policy" => good with { Policy = "phalla" },
                "target" => good with { Target = "near" },
                "listen" => good with { Listen = "0.0.0.0" },
                "workers" => good with { MinimumWorkers = 5, MaximumWorkers = 2 },
                "tls" => good with { TlsCertificate = "chain.pem" },
                _ => good with { TlsCertificate = Path.Combine(folder, "none.pem"), TlsKey = Path.Combine(folder, "none.pem") },
            };
            SettingException refused = await Assert.ThrowsAsync<SettingException>(() =>
                CoordinatorHost.RunAsync(bad, TextWriter.Null, TimeProvider.System, Cancel));
            Assert.Contains(message, refused.Message, StringComparison.Ordinal);
            Assert.NotNull(refused.Hint);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task F21_A_worker_in_a_TEE_takes_no_connection()
    {
        string folder = Directory.CreateTempSubdirectory("witan-f21").FullName;
        try
        {
            string socket = Path.Combine(folder, "w.sock");
            await using var server = await SimulatorServer.StartAsync(
                new SimulatorOptions { Seed = new byte[32], State = folder, Sockets = [new SimulatorSocket("worker", "w", socket)] }, Cancel);
            using var stop = new CancellationTokenSource();
            int port = RunningCoordinator.FreePort();
            var options = new AgentOptions
            {
                Name = "w",
                Coordinator = new Uri($"http://127.0.0.1:{RunningCoordinator.FreePort()}"),
                State = Path.Combine(folder, "state"),
                Socket = socket,
                DevelopmentRoot = Path.Combine(folder, "root.pem"),
                Collateral = Path.Combine(folder, "collateral.json"),
            };
            var log = new TestLog();
            Task run = WorkerHost.RunAsync(options, new WorkerOptions { Port = port }, new RuleDeliberator(WorkerProfile.Parse(await File.ReadAllBytesAsync(
                Path.Combine(SharedData.Repository, "examples", "profiles", "01-treasurer.json"), Cancel))), log, TimeProvider.System, stop.Token);
            // It has started where it has gone to its coordinator, which is not there.
            for (int i = 0; i < 1200 && !run.IsCompleted && !log.ToString().Contains("Connection refused", StringComparison.Ordinal); i++)
                await Task.Delay(50, Cancel);
            Assert.Contains("Connection refused", log.ToString(), StringComparison.Ordinal);
            Assert.False(run.IsCompleted);
            using var probe = new TcpClient();
            await Assert.ThrowsAsync<SocketException>(() => probe.ConnectAsync("127.0.0.1", port, Cancel).AsTask());
            await stop.CancelAsync();
            await run;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task F22_No_secret_is_in_the_repository()
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["-C", SharedData.Repository, "ls-files", "-z"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string[] files = (await git.StandardOutput.ReadToEndAsync(Cancel)).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        await git.WaitForExitAsync(Cancel);
        if (git.ExitCode != 0)
            Assert.Skip("this is no clone: there is nothing that was committed");
        Assert.True(files.Length > 300, $"{files.Length} files");
        foreach (string file in files.Select(name => Path.Combine(SharedData.Repository, name)).Where(File.Exists))
        {
            string text = await File.ReadAllTextAsync(file, Cancel);
            Match found = Secret().Match(text);
            Assert.False(found.Success, $"{file} holds what looks like a secret: {(found.Success ? found.Value[..Math.Min(24, found.Value.Length)] : "")}");
        }
    }

    // Keys with their content, and the token forms of services that this project can talk to. Not the words alone: code and documents say them.
    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[A-Za-z0-9+/=]{40}|\\bsk-[A-Za-z0-9]{32,}|\\bphak_[A-Za-z0-9]{20,}|\\bghp_[A-Za-z0-9]{36}|\\bAKIA[0-9A-Z]{16}\\b|ed25519:[1-9A-HJ-NP-Za-km-z]{80,}|eyJhbGciOi[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}")]
    private static partial Regex Secret();
}
