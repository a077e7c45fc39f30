namespace Recommender.FactorStore.Users;

/// <summary>Event types in one byte: the store's type id, which never changes, for the first 254; one class for all others.</summary>
public static class EventClass
{
    /// <summary>Every type but the first 254.</summary>
    public const byte Other = 254;

    /// <summary>The type was not recorded: values of formats from before there were classes.</summary>
    public const byte Unknown = 255;

    /// <param name="typeId">Position of the type's name in <see cref="IFactorStore.GetEventTypesAsync"/>.</param>
    public static byte Of(int typeId) => (byte)Math.Min(typeId, Other);
}
