using Witan.Agent;
using Witan.Voting;
using Witan.Worker;
using Witan.Worker.Deliberation;

// The container's entry point.
return await ContainerProgram.RunAsync("worker", async token =>
{
    TextOrFile profile = Environment.GetEnvironmentVariable("WITAN_PROFILE") is { Length: > 0 } given
        ? TextOrFile.Of(given)
        : throw new SettingException("WITAN_PROFILE names no profile", "set it to the JSON of a profile, or to a file's name; examples/profiles shows the form");
    AgentOptions agent = ContainerProgram.AgentOptions(
        "WORKER_DISPLAY_NAME",
        "worker",
        ("WITAN_PROFILE", "Profile"),
        ("PORT", nameof(WorkerOptions.Port)),
        ("WITAN_OWNER", nameof(WorkerOptions.Owner)),
        ("WITAN_NOTES", nameof(WorkerOptions.Notes)),
        ("WITAN_CAST_WINDOW", nameof(WorkerOptions.CastWindow)));
    SignedProfile signed = SignedProfile.Of(profile.Read(), profile, Environment.GetEnvironmentVariable(SignedProfile.SignatureVariable));
    Digest? owner = WorkerOptions.ParseOwner(Environment.GetEnvironmentVariable("WITAN_OWNER"));
    using HttpClient http = Deliberators.Client();
    await WorkerHost.RunAsync(
        agent,
        new WorkerOptions
        {
            Port = EnvironmentNumber.Port("PORT", 3001),
            Owner = owner,
            Notes = WorkerOptions.ReadNotes(Environment.GetEnvironmentVariable("WITAN_NOTES"), owner),
            CastWindow = WorkerOptions.ParseCastWindow(Environment.GetEnvironmentVariable("WITAN_CAST_WINDOW")),
        },
        Deliberators.Create(signed.Profile, agent, http, TimeProvider.System),
        Console.Error,
        TimeProvider.System,
        token,
        signed);
});
