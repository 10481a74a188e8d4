using System.Net;
using System.Net.Sockets;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OrleansServe.Gateway;
using OrleansServe.Silo.DataPlane;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;

namespace OrleansServe.Silo.Hosting;

/// <summary>The composition root of a cluster of one process: one silo with all roles, and the gateway's servers before it.</summary>
internal static class EmbeddedCluster
{
    public static WebApplication Build(SiloOptions options, LoadedModel model, int shards)
    {
        // An empty builder: settings come from SiloOptions alone, not from whatever lies in the working directory or the environment.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "OrleansServe.Silo", ContentRootPath = AppContext.BaseDirectory });
        AddLogging(builder, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainLimit);

        IDataPlane dataPlane = builder.Services.AddDataPlane(options);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), gatewayPort: 0);
            silo.Configure<Orleans.Configuration.SiloOptions>(orleans => orleans.SiloName = options.SiloName);
            silo.AddOrleansServe(options, model, dataPlane, new ShardRange(0, shards, shards));
        });

        builder.Services.AddSingleton(model.ForGateway);
        builder.Services.AddOrleansServeGateway(gateway => SiloComposition.Configure(gateway, options.Serving));
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(options.Listen, options.Port, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Listen(options.Listen, options.HttpPort, static endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });

        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapOrleansServeGateway();
        return application;
    }

    private static void AddLogging(WebApplicationBuilder builder, SiloOptions options)
    {
        builder.Logging.SetMinimumLevel(options.Verbose ? LogLevel.Information : LogLevel.Warning);

        if (!options.Verbose)
        {
            // What ends a host is told to the operator in one line, by whoever started it.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

            // Not being ready yet is no error, and is told to whoever asks at /readyz.
            builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical);

            // Each start would warn of a garbage collector that a process of two cores does well without, and of a first check that has no predecessor.
            builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
            builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        }

        if (options.JsonLogs)
        {
            builder.Logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            builder.Logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        // Results go to standard output, what is said about them does not.
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    // Orleans needs to know its port before it listens, and no other process is meant to know it.
    private static int FreePort()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
