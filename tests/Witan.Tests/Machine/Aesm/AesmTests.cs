using System.Net.Sockets;
using Witan.Attestation;
using Witan.Machine;
using Witan.Tests.Machine.Roots;
using Xunit;

namespace Witan.Tests.Machine.Aesm;

/// <summary>The client against a service on a real socket: good, old, slow, silent, dead, babbling. Never an attack in its log.</summary>
public sealed class AesmTests : IDisposable
{
    // Short where a time limit is what is tested; long where an answer comes, however busy the machine is.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1), Long = TimeSpan.FromSeconds(20);
    private readonly FakeRoot _root = new();

    private string SocketPath => _root.Directory + AesmSocket.Path;

    [Fact]
    public void A_good_service_names_its_keys_and_is_asked_for_nothing_that_stores_them()
    {
        using var service = new FakeAesm(SocketPath, (operation, _) => FakeAesm.Good(operation));
        MachineReport report = Judge();
        Assert.Equal([21, 22], service.Asked);
        Assert.Empty(service.End());
        Assert.Equal(Mark.Supported, report.Find("sgx.aesm").Single().Check.Mark);
        Assert.Contains("AESM offers ECDSA P-256", string.Join('\n', report.Find("attestation.quote").Single().Check.Evidence), StringComparison.Ordinal);
        // Offered is not prepared.
        Assert.Equal((Mark.Unknown, "ATTESTATION_NOT_TRIED"), (report.Find("attestation.quote").Single().Check.Mark, report.Find("attestation.quote").Single().Check.Problem!.Finding.Code));
    }

    [Fact]
    public void A_connection_without_a_request_would_be_told_of_as_an_attack()
    {
        using var service = new FakeAesm(SocketPath, (operation, _) => FakeAesm.Good(operation));
        for (int i = 0; i < 20; i++)
        {
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(SocketPath));
        }

        Assert.Equal(20, service.End().Count);
    }

    [Fact]
    public void Asked_to_attest_it_has_a_quote_prepared()
    {
        using var service = new FakeAesm(SocketPath, (operation, message) => FakeAesm.Good(operation, message));
        MachineReport report = Judge(attest: true);
        // The size, and then what proves something: the id of a key that was made.
        Assert.Equal([21, 22, 15, 15], service.Asked);
        Assert.Equal(Mark.Supported, report.Find("attestation.quote").Single().Check.Mark);
        string recorded = SnapshotJson.Write(report.Snapshot);
        Assert.DoesNotContain("abab", recorded, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("2220" + new string('0', 64), report.Snapshot[Section.Aesm, AesmFacts.ProvisionRequest].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("size only", 2)]
    [InlineData("no size", 1)]
    [InlineData("a size of nobody", 1)]
    [InlineData("silent", 2)]
    public void A_quote_that_was_not_prepared_is_no_tick_and_decides_nothing(string kind, int asked)
    {
        using var service = new FakeAesm(SocketPath, (operation, message) => (operation, kind) switch
        {
            (15, "size only") => FakeAesm.Good(15),
            (15, "no size") => FakeAesm.Frame(15, new ProtobufWriter().Varint(1, 0)),
            (15, "a size of nobody") => FakeAesm.Frame(15, new ProtobufWriter().Varint(1, 0).Varint(3, 1025)),
            (15, _) when FakeAesm.WantsKeyId(message, out _) => [],
            _ => FakeAesm.Good(operation, message),
        });
        MachineReport report = Judge(attest: true);
        Assert.Equal(asked, service.Asked.Count(operation => operation == 15));
        Check check = report.Find("attestation.quote").Single().Check;
        Assert.Equal((Mark.Unknown, "ATTESTATION_QUOTE_NO_ANSWER", ProblemState.Unreadable), (check.Mark, check.Problem!.Finding.Code, check.Problem.State));
        Assert.Empty(service.End());
    }

    /// <summary>At which request it ends, what is written down, the requests made, and what the remedy names.</summary>
    public static TheoryData<string, string, int[], string> NoQuoting => new()
    {
        { "no service", AesmFacts.NoService, [], "libsgx-aesm-ecdsa-plugin" },
        { "old", AesmFacts.TooOld, [21], "Update sgx-aesm-service" },
        { "no keys", AesmFacts.NoKeys, [21], "libsgx-aesm-quote-ex-plugin" },
        { "keys refused", AesmFacts.NoKeys, [21, 22], "libsgx-aesm-quote-ex-plugin" },
        { "EPID", AesmFacts.NoEcdsaKey, [21, 22], "libsgx-aesm-ecdsa-plugin" },
        { "closes", "closed", [21], "journalctl" },
    };

    [Theory]
    [MemberData(nameof(NoQuoting))]
    public void Asked_to_attest_it_says_why_it_cannot_wherever_it_ends(string kind, string reason, int[] asked, string remedy)
    {
        using FakeAesm? service = kind == "no service" ? null : new FakeAesm(SocketPath, (operation, _) => (operation, kind) switch
        {
            (21, "old") => FakeAesm.Frame(20, new ProtobufWriter().Varint(1, 1)),
            (21, "no keys") => FakeAesm.Frame(21, new ProtobufWriter().Varint(1, 0).Varint(2, 0)),
            (21, "closes") => [],
            (22, "keys refused") => FakeAesm.Frame(22, new ProtobufWriter().Varint(1, 1)),
            (22, "EPID") => FakeAesm.Frame(22, new ProtobufWriter().Varint(1, 0).Bytes(2, FakeAesm.Key(0))),
            _ => FakeAesm.Good(operation),
        });
        MachineReport report = Judge(attest: true);
        Assert.Equal(asked, service?.Asked ?? []);
        Assert.Equal(reason, report.Snapshot[Section.Aesm, AesmFacts.ProvisionRequest].Error);
        Check check = report.Find("attestation.quote").Single().Check;
        Assert.Equal((Mark.Unknown, ProblemState.Unreadable, Witan.Attestation.FindingSeverity.Undecided), (check.Mark, check.Problem!.State, check.Problem.Finding.Severity));
        Assert.Equal(kind == "closes" ? "ATTESTATION_QUOTE_NO_ANSWER" : "ATTESTATION_NO_QUOTING", check.Problem.Finding.Code);
        Assert.Contains(remedy, check.Problem.Finding.Remedy, StringComparison.Ordinal);
        // What was done is not advised.
        Assert.DoesNotContain("--attest", check.Problem.Finding.Remedy, StringComparison.Ordinal);
        Assert.False(MachineReport.Judge(Judge(attest: false).Snapshot).Snapshot[Section.Aesm, AesmFacts.ProvisionRequest].IsFailure);
    }

    [Fact]
    public void An_error_of_the_second_answer_counts()
    {
        using var service = new FakeAesm(SocketPath, (operation, message) => FakeAesm.Good(operation, message, FakeAesm.WantsKeyId(message, out _) ? 44u : 0));
        Assert.Equal(Mark.Fatal, Judge(attest: true).Find("attestation.quote").Single().Check.Mark);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_service_that_falls_silent_has_answered_all_the_same(bool attest)
    {
        using var service = new FakeAesm(SocketPath, (operation, _) => operation == 22 ? [] : FakeAesm.Good(operation));
        MachineReport report = Judge(attest);
        Assert.Equal(Mark.Supported, report.Find("sgx.aesm").Single().Check.Mark);
        Assert.Equal(("connected", "closed"), (report.Snapshot[Section.Sockets, AesmSocket.Path].Text, report.Snapshot[Section.Aesm, AesmFacts.KeysRequest].Error));
        // Asked to try it, it could not be tried.
        Finding finding = report.Find("attestation.quote").Single().Check.Problem!.Finding;
        Assert.Equal(attest ? "ATTESTATION_QUOTE_NO_ANSWER" : "ATTESTATION_NOT_TRIED", finding.Code);
        Assert.Contains("closed", finding.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_dies_after_its_first_answer_was_there()
    {
        FakeAesm? service = null;
        service = new FakeAesm(SocketPath, (operation, _) =>
        {
            // The path goes first, so that the second connection finds no one.
            File.Delete(SocketPath);
            return FakeAesm.Good(operation);
        });
        using (service)
        {
            MachineSnapshot snapshot = Judge().Snapshot;
            Assert.Equal(("connected", "ENOENT"), (snapshot[Section.Sockets, AesmSocket.Path].Text, snapshot[Section.Aesm, AesmFacts.KeysRequest].Error));
            Assert.Equal(Mark.Supported, MachineReport.Judge(snapshot).Find("sgx.aesm").Single().Check.Mark);
        }
    }

    [Theory]
    [InlineData(31u, "31 (platform not recognised", Actor.EnclaveAuthor)]
    [InlineData(42u, "42 (attestation key not initialised", Actor.PackageOwner)]
    [InlineData(44u, "44 (no platform certification data", Actor.PackageOwner)]
    [InlineData(48u, "48 (the quoting enclave does not load", Actor.PackageOwner)]
    [InlineData(12u, "12 (network error", Actor.PackageOwner)]
    [InlineData(29u, "29 (out of enclave memory", Actor.KernelOwner)]
    [InlineData(999u, "999 (unknown to this program", Actor.PackageOwner)]
    public void An_error_has_its_number_its_meaning_and_an_actor(uint code, string said, Actor actor)
    {
        using var service = new FakeAesm(SocketPath, (operation, message) => FakeAesm.Good(operation, message, code));
        Problem problem = Judge(attest: true).Find("attestation.quote").Single().Check.Problem!;
        Assert.Contains(said, problem.Finding.Message, StringComparison.Ordinal);
        Assert.Equal(("ATTESTATION_QUOTE_NOT_PREPARED", actor), (problem.Finding.Code, problem.Actor));
    }

    [Fact]
    public void A_service_too_old_for_the_request_is_alive()
    {
        using var service = new FakeAesm(SocketPath, (_, _) => FakeAesm.Frame(20, new ProtobufWriter().Varint(1, 1)));
        Assert.Equal(Mark.Supported, Judge().Find("sgx.aesm").Single().Check.Mark);
        Assert.Equal([21], service.Asked);
    }

    /// <summary>What a broken service does, and the word for it.</summary>
    public static TheoryData<string, string> Broken => new()
    {
        { "silent", "timeout" },
        { "dripping", "timeout" },
        { "closing", "closed" },
        { "cut", "closed" },
        { "oversized", "oversized" },
        { "garbage", "malformed" },
        { "empty", "malformed" },
        { "other", "other-operation" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_service_is_bounded_and_named(string kind, string word)
    {
        byte[] whole = FakeAesm.Good(21)!;
        using var service = new FakeAesm(SocketPath, (_, _) => kind switch
        {
            "silent" => null,
            "dripping" => [whole[0]],
            "closing" => [],
            "cut" => whole[..^1],
            "oversized" => [0xFF, 0xFF, 0xFF, 0x7F],
            "garbage" => FakeAesm.Frame([0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]),
            "empty" => FakeAesm.Frame([]),
            _ => FakeAesm.Good(22),
        })
        { Closes = kind is not "silent" and not "dripping" };
        TimeSpan limit = word == "timeout" ? Short : Long;
        var client = new AesmClient(SocketPath, limit);
        AesmException failure = Assert.Throws<AesmException>(() => client.GetSupportedAttestationKeyCount());
        Assert.Equal((word, true), (failure.Reason, failure.Connected));
        Check check = Judge(limit: limit).Find("sgx.aesm").Single().Check;
        Assert.Equal((Mark.Fatal, "AESM_MUTE"), (check.Mark, check.Problem!.Finding.Code));
        Assert.Contains(word, check.Problem.Finding.Evidence, StringComparison.Ordinal);
        Assert.Empty(service.End());
    }

    [Fact]
    public void A_service_that_is_not_there_is_absent_or_dead()
    {
        Assert.Equal("ENOENT", Assert.Throws<AesmException>(() => new AesmClient(SocketPath, Short).GetSupportedAttestationKeyCount()).Reason);
        _root.Folder("/var/run/aesmd");
        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        dead.Bind(new UnixDomainSocketEndPoint(SocketPath));
        Assert.Equal("ECONNREFUSED", Assert.Throws<AesmException>(() => new AesmClient(SocketPath, Short).GetSupportedAttestationKeyCount()).Reason);
        // Dead is stopped, not absent: somebody installed what left its socket.
        Problem problem = Judge().Find("sgx.aesm").Single().Check.Problem!;
        Assert.Equal(("AESM_STOPPED", ProblemState.Disabled), (problem.Finding.Code, problem.State));
    }

    [Theory]
    [InlineData("!timeout", "!ENOENT", "AESM_MUTE", ProblemState.Failed)]
    [InlineData("!ECONNREFUSED", "!ENOENT", "AESM_STOPPED", ProblemState.Disabled)]
    [InlineData("!ENAMETOOLONG", "!ENOENT", "AESM_NO_SOCKET", ProblemState.Failed)]
    [InlineData("!ENOENT", "!ENOENT", "AESM_ABSENT", ProblemState.Absent)]
    [InlineData("!ENOENT", "", "AESM_NO_SOCKET", ProblemState.Failed)]
    [InlineData("!ENOENT", "running", "AESM_NO_SOCKET", ProblemState.Failed)]
    public void Absent_is_only_what_was_looked_for_and_is_not_installed(string socket, string service, string code, ProblemState state)
    {
        SnapshotBuilder to = new SnapshotBuilder("test").Set(Section.Sockets, AesmSocket.Path, Reading.Decode(socket)).Set(Section.Sockets, AesmSocket.AbstractName, Reading.Failed("ECONNREFUSED"));
        if (service.Length > 0)
            to.Set(Section.Services, AesmFacts.Service, Reading.Decode(service));
        Check check = MachineReport.Judge(to.Build()).Find("sgx.aesm").Single().Check;
        Assert.Equal((Mark.Fatal, code, state), (check.Mark, check.Problem!.Finding.Code, check.Problem.State));
    }

    [Fact]
    public void A_full_queue_does_not_hold_it_up()
    {
        _root.Folder("/var/run/aesmd");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen(0);
        using var first = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        first.Connect(new UnixDomainSocketEndPoint(SocketPath));
        AesmException failure = Assert.Throws<AesmException>(() => new AesmClient(SocketPath, Short).GetSupportedAttestationKeyCount());
        Assert.Equal("timeout", failure.Reason);
    }

    [Fact]
    public void The_abstract_name_is_padded_to_its_full_length()
    {
        // The kernel compares abstract names by all of their 108 bytes.
        string name = $"witan-aesm-{Environment.ProcessId}";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(("\0" + name).PadRight(108, '\0')));
        listener.Listen(1);
        AesmException failure = Assert.Throws<AesmException>(() => new AesmClient("@" + name, Short).GetSupportedAttestationKeyCount());
        Assert.Equal(("timeout", true), (failure.Reason, failure.Connected));
    }

    [Fact]
    public void The_abstract_name_is_asked_where_the_kernel_lists_it_and_only_there()
    {
        Assert.SkipWhen(File.ReadAllText("/proc/net/unix").Contains(AesmSocket.AbstractName, StringComparison.Ordinal), "this machine has a service of that name");
        using (Take())
            Assert.Equal("connected", AbstractName().Text);
        Assert.Equal("ECONNREFUSED", AbstractName().Error);

        // The name is one for the whole machine.
        static FakeAesm Take()
        {
            try
            {
                return new FakeAesm("\0" + AesmSocket.AbstractName[1..].PadRight(107, '\0'), (operation, _) => FakeAesm.Good(operation));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                Assert.Skip("another test of this machine has that name");
                throw;
            }
        }

        static Reading AbstractName()
        {
            var to = new SnapshotBuilder("test");
            ServiceProbe.Aesm(new SystemRoot("/"), to, new ProbeOptions { ServiceLimit = Long });
            return to.Build()[Section.Sockets, AesmSocket.AbstractName];
        }
    }

    [Fact]
    public void Every_request_says_its_limit_in_microseconds()
    {
        byte[] seen = [];
        using var service = new FakeAesm(SocketPath, (operation, message) =>
        {
            seen = message;
            return FakeAesm.Good(operation);
        });
        new AesmClient(SocketPath, Long).GetSupportedAttestationKeyCount();
        // Field 21, five bytes: field 9 with 20,000,000.
        Assert.Equal("aa0105" + "4880dac409", Convert.ToHexStringLower(seen));
    }

    [Fact]
    public void All_error_numbers_of_the_interface_have_a_meaning()
    {
        for (uint code = 0; code <= 50; code++)
            Assert.DoesNotContain("unknown", AesmErrors.Describe(code), StringComparison.Ordinal);
        Assert.Contains("unknown", AesmErrors.Describe(51), StringComparison.Ordinal);
    }

    [Fact]
    public void An_EPID_quote_is_cut_out_of_its_buffer()
    {
        byte[] buffer = new byte[2000];
        buffer[432] = 100;
        Assert.True(AesmClient.TryCutEpidQuote(buffer, out ReadOnlyMemory<byte> quote));
        Assert.Equal(536, quote.Length);
        buffer[434] = 1;
        Assert.False(AesmClient.TryCutEpidQuote(buffer, out _));
        Assert.False(AesmClient.TryCutEpidQuote(buffer.AsMemory(0, 435), out _));
    }

    public void Dispose() => _root.Dispose();

    private MachineReport Judge(bool attest = false, TimeSpan? limit = null) =>
        MachineReport.Judge(_root.Probe(TestCpu.Client, new ProbeOptions { Attest = attest, ServiceLimit = limit ?? Long, AttestLimit = Long }));
}
