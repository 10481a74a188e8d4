using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

using OrleansServe.Model;
using OrleansServe.Silo.Options;

namespace OrleansServe.Silo.Hosting;

/// <summary>What keeps a host from starting, as lines for the operator.</summary>
public static class StartFault
{
    /// <summary>One line for each fault; null for an exception that is a defect of the program and not of what it was given.</summary>
    public static IReadOnlyList<string>? Describe(Exception exception) => exception switch
    {
        SiloOptionsException options => options.Faults,
        ModelFormatException model => [model.Message],
        RedisUnreachableException redis => [redis.Message],
        OptionsValidationException validation => [.. validation.Failures],
        IOException { InnerException: AddressInUseException } inUse => [$"{inUse.Message} Another server runs there: stop it, or choose other ports with --port and --http-port."],
        OutOfMemoryException memory => [$"not enough memory ({memory.Message}): a smaller --kv-blocks needs less"],
        AggregateException { InnerExceptions: [Exception only] } => Describe(only),
        IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException => [exception.Message],
        _ => null,
    };
}
