using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.Silo.Probes;

// The entry point of containers: settings from the environment, a file and the command line; messages to the log, a fault to standard error.
if (args is ["--help" or "-h"])
{
    Console.WriteLine("OrleansServe.Silo [--config FILE] [OPTION...]");
    foreach (SiloSetting setting in SiloSetting.All)
    {
        Console.WriteLine($"  {setting.Flag + " " + setting.Value,-26} {setting.Help}");
    }

    Console.WriteLine($"Each may also be given as {SiloOptionsReader.EnvironmentPrefix}KEY, KEY being the option's name without hyphens, or in section OrleansServe of the file.");
    return 0;
}

SiloOptions? options = null;
try
{
    options = new SiloOptionsReader()
        .AddEnvironment(Environment.GetEnvironmentVariables())
        .AddArguments(args)
        .Read(new SiloOptions { Model = EmbeddedModel.Folder });
    await using SiloHost host = await SiloHost.BuildAsync(options, new LineProgress(Console.Error), CancellationToken.None);
    await host.StartAsync(CancellationToken.None);
    string served = host.Roles.HasFlag(SiloRole.Gateway) ? $"{host.ModelName} at {host.GrpcAddress}" : $"{host.ModelName} as {SiloRoleList.Format(host.Roles)} in silo {host.SiloName}";
    Console.Error.WriteLine($"serving {served}, metrics at {host.HttpAddress}metrics");
    await host.WaitForShutdownAsync(CancellationToken.None);
    if (host.Failure is { } failure)
    {
        Console.Error.WriteLine("error: a worker failed: " + failure.Message.ReplaceLineEndings(" "));
        return 1;
    }

    return 0;
}
catch (Exception exception) when (StartFault.Describe(exception) is { } lines)
{
    foreach (string line in lines)
    {
        Console.Error.WriteLine("error: " + line.ReplaceLineEndings(" "));
    }

    if (options is { FaultHold.Ticks: > 0 })
    {
        await FaultNotice.ShowAsync(options, lines, TimeProvider.System);
    }

    return 1;
}
