using Witan.Agent;
using Witan.Trustee;

// The container's entry point.
return await ContainerProgram.RunAsync("trustee", token =>
    TrusteeHost.RunAsync(ContainerProgram.AgentOptions("WITAN_NAME", "trustee"), Console.Error, TimeProvider.System, token));
