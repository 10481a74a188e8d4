using Google.Protobuf.Reflection;
using Grpc.Core;
using OrleansServe.Protocol.V1;
using Api = OrleansServe.Protocol.V1.AdminService;

namespace OrleansServe.Gateway.Wire;

/// <summary>The methods of the admin API, bound with request parsers that refuse what is malformed.</summary>
/// <remarks>See <see cref="StrictInferenceServiceBase"/> for why they are declared anew.</remarks>
[BindServiceMethod(typeof(StrictAdminServiceBase), nameof(Bind))]
internal abstract class StrictAdminServiceBase : Api.AdminServiceBase
{
    /// <summary>Describes the service.</summary>
    public static ServiceDescriptor Descriptor => Api.Descriptor;

    /// <summary>Binds the methods. The server calls this without an instance and finds the methods by name.</summary>
    public static void Bind(ServiceBinderBase binder, StrictAdminServiceBase? service) =>
        Api.BindService(new StrictBinder(binder, Api.Descriptor), service);

    /// <inheritdoc cref="Api.AdminServiceBase.GetUsage"/>
    public new abstract Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context);

    /// <inheritdoc cref="Api.AdminServiceBase.GetEconomics"/>
    public new abstract Task<GetEconomicsResponse> GetEconomics(GetEconomicsRequest request, ServerCallContext context);
}
