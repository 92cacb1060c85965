using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Witan.Agent;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores.Sqlite;
using Witan.Crypto;
using Witan.Dstack.Simulator.Pki;
using Witan.Tests.Harness;
using Witan.Voting;
using Xunit;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Admission;

/// <summary>
/// Machines with real quotes under a development root, and coordinators' admission desks over one store. One platform, as many
/// instances as are asked for.
/// </summary>
internal sealed class Attesting : IAsyncDisposable
{
    public static readonly CouncilPolicy Policy = new() { Name = "test", InstancesPerPlatform = 0 };
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-admission").FullName;
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);
    private readonly DevelopmentPki _pki;
    private readonly TdQuoteAuthor _author;
    private readonly List<AgentSecrets> _secrets = [];

    public Attesting()
    {
        _pki = new DevelopmentPki(_seed);
        _author = new TdQuoteAuthor(_pki, _seed);
        Clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        File.WriteAllText(Path.Combine(_folder, "root.pem"), _pki.RootPem);
        File.WriteAllBytes(Path.Combine(_folder, "collateral.json"), _pki.Collateral(Clock.GetUtcNow()));
        Store = SqliteStore.Open(Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName, Clock);
        Coordinator = Secrets("coordinator");
    }

    public string Folder => _folder;

    public DevelopmentPki Pki => _pki;

    public ManualTimeProvider Clock { get; }

    public SqliteStore Store { get; }

    public AgentSecrets Coordinator { get; }

    public AgentSecrets Secrets(string name)
    {
        var secrets = AgentSecrets.FromDirectory(Path.Combine(_folder, "keys", name));
        _secrets.Add(secrets);
        return secrets;
    }

    public SimulatedMachine Machine(string app, string instance) => new(_seed, _author, app, instance);

    public EvidenceJudge Judge(CouncilPolicy policy) =>
        JudgeSettings.Create(Path.Combine(_folder, "collateral.json"), Path.Combine(_folder, "root.pem"), policy, Clock);

    public AdmissionDesk Desk(CouncilPolicy? policy = null, AgentSecrets? secrets = null, string revocations = "revocations") => new(
        Store, secrets ?? Coordinator, new Ed25519Signer((secrets ?? Coordinator).SigningSeed), ExecutionMode.Simulated, Judge(policy ?? Policy), policy ?? Policy,
        new NonceIssuer((secrets ?? Coordinator).SigningSeed, Clock),
        new RevocationBook(Store, secrets ?? Coordinator, Directory.CreateDirectory(Path.Combine(_folder, revocations)).FullName), isShared: true, Clock);

    /// <summary>Changes the store behind the coordinators' back.</summary>
    public void Execute(string statement)
    {
        using SqliteConnection connection = SqliteSchema.Open(Path.Combine(_folder, "store", "coordinator.db"));
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = statement;
        Assert.True(command.ExecuteNonQuery() > 0);
    }

    /// <summary>What an honest agent sends.</summary>
    public static AdmissionRequest Request(AdmissionDesk desk, AgentSecrets secrets, SimulatedMachine machine, AgentRole role = AgentRole.Worker) =>
        Answer(desk.Nonce(), secrets, machine, role);

    public static AdmissionRequest Answer(NonceAnswer nonce, AgentSecrets secrets, SimulatedMachine machine, AgentRole role = AgentRole.Worker)
    {
        var bound = new ReportData("admission", nonce.NonceHash(), nonce.Coordinator, role, secrets.Keys, machine.InstanceId, nonce.Policy);
        return new AdmissionRequest(role, machine.Name, secrets.Keys, nonce.Nonce, Evidence(machine, bound), "", []).Signed(secrets.SigningSeed);
    }

    public static AgentEvidence Evidence(SimulatedMachine machine, ReportData bound) =>
        new(bound.Instance, Convert.ToHexStringLower(machine.Quote(bound.ToBytes())), machine.Log.ToJson(), "");

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _secrets.ForEach(secrets => secrets.Dispose());
        _author.Dispose();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
