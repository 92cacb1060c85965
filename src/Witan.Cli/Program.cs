using Witan.Cli;
using Witan.Cli.CommandLine;

Terminal terminal = Terminal.OfProcess();
return await WitanCommand.RunAsync(args, terminal, CancellationToken.None);
